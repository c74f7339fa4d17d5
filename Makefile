.PHONY: demo test docs coverage bench
demo test docs coverage bench:
	python3 dev.py $@
