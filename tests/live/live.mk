# Real servers and clients with a box in the middle, in network namespaces (contract: tests/live/check.py), and many
# sessions without one (tests/live/benign.py).
#   make check-live          as root on Debian, five minutes; the first time it builds roots of Debian packages (3 GB)
#   make check-live-sensor   the same places, without attacks: a sensor beside tcpdump stores what analyze finds in its capture
#   make check-live-benign   without root, some minutes; `make check` runs a tenth of it
check-live: $(BUILD)/mailseal
	@sh tools/deps live
	@$(PYTHON) tests/live/check.py --bin $(BUILD)/mailseal $(LIVE)

check-live-sensor: $(BUILD)/mailseal
	@sh tools/deps live
	@$(PYTHON) tests/live/check.py --bin $(BUILD)/mailseal --sensor --attack pass $(LIVE)

check-live-benign: $(BUILD)/mailseal
	@$(PYTHON) tests/live/benign.py --bin $(BUILD)/mailseal

.PHONY: check-live check-live-sensor check-live-benign
