# Two commands matter: `make demo` and `make test`. The others are for people who change things.
PYTHON := .venv/bin/python
C_SOURCES := $(shell find runtime_c CMakeLists.txt -name '*.c' -o -name '*.h' -o -name '*.def' -o -name '*.S' -o -name CMakeLists.txt)

.PHONY: demo test lint bench clean

demo: .venv/built
	$(PYTHON) examples/digits/train.py -o out
	$(PYTHON) -m rillet deploy out/digits.keras --board mps2-an386 \
		--calibrate out/calibration.npz --accuracy out/test.npz --report report.html

test: .venv/built
	$(PYTHON) -m pytest

lint: .venv/built
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/built
	$(PYTHON) benchmarks/run.py

clean:
	rm -rf build out report.html .venv/built .pytest_cache .mypy_cache .ruff_cache .hypothesis

# System packages and Python packages: once, and again when what they are changes.
.venv/ready: scripts/setup.sh pyproject.toml
	scripts/setup.sh
	touch $@ .venv/built

# The native module, when C sources are newer. One at a time: two that write it at once break it. It counts as built when
# building began: sources may change meanwhile.
.venv/built: .venv/ready $(C_SOURCES)
	begun=$$(mktemp .venv/built.XXXXXX); trap 'rm -f $$begun' EXIT; \
	$(if $(shell command -v flock),flock .venv/lock) $(PYTHON) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . \
	&& touch -r $$begun $@
