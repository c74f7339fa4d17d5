#!/usr/bin/env bash
# Nightly: new files into the store, then all customers scored, and the scores published where
# SHOP_DATABASE names a database. Lines of a crontab:
#   SHOP_DATABASE=postgresql://shop@db.example/sales
#   15 2 * * *  /srv/shop/nightly.sh >> /srv/shop/nightly.log 2>&1
# The exit code is that of the last command, for those who watch cron; docs/guide/nightly.md.
set -uo pipefail
cd "${SHOP_FOLDER:-/srv/shop}" || exit 2

retry() { # 11: another process is writing; 9: the database; anything else is final
  for pause in 60 300 900 0; do
    "$@"
    code=$?
    if [ "$code" -ne 11 ] && [ "$code" -ne 9 ] || [ "$pause" -eq 0 ]; then return "$code"; fi
    sleep "$pause"
  done
}

to=() # the tables are made once, by `segpredict publish --create`
if [ -n "${SHOP_DATABASE:-}" ]; then to=(--to "$SHOP_DATABASE" --table segpredict_scores); fi
day=$(date +%F)
retry segpredict ingest --data drops --store shop.store --quiet || exit
retry segpredict score --run artifacts/may --data shop.store --history history \
  --out "scores-$day.parquet" --quiet "${to[@]}" || exit
echo "$day scored"
