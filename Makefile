.PHONY: demo test bench
demo test bench:
	python3 dev.py $@
