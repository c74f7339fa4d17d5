.PHONY: demo test coverage bench
demo test coverage bench:
	python3 dev.py $@
