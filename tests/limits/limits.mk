# What a packet and an open session cost, and what floods do (tests/limits/limits.py and floods.py say how). Counts,
# not times. tests/limits/limits.tsv has the figures; `python3 tests/limits/limits.py --list` prints them anew.
#   make limits          make floods          make floods-large   ten million packets, some ten minutes; a part of check-long
limits: bench-programs
	@$(PYTHON) -B tests/limits/limits.py --build $(BUILD)

floods: bench-programs
	@$(PYTHON) -B tests/limits/floods.py --build $(BUILD)

floods-large: bench-programs
	@$(PYTHON) -B tests/limits/floods.py --build $(BUILD) --size large

check-long: floods-large
.PHONY: limits floods floods-large
