# Measurements, side by side in one run (tools/bench/run.py says how). Never part of `make check`.
#   make bench          a small size        make bench SIZE=large   the big one, some ten minutes and 25 GB
#   make bench-reports  each report on 10 million sessions of five years (made first: some six minutes, 3 GB)
#   make bench-live     the sensor beside tcpdump, on what tcpreplay sends over veth; root, two minutes
BENCH      = $(BUILD)/bench
# Everything below the commands.
BENCH_LANE = $(filter $(addprefix $(BUILD)/,base/% capture/% decode/% flow/% proto/% facts/% dialogue/% verdict/% \
               dpi/% app/lane.o app/evidence.o app/evidence_ring.o app/intake.o app/talk.o app/ports.o),$(OBJ))

$(BENCH)/%.o: tools/bench/%.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BENCH)/generate $(BENCH)/floor $(BENCH)/flood $(BENCH)/copy: $(BENCH)/%: $(BENCH)/%.o
	$(Q)$(CC) $(CFLAGS) $(NO_LTO) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BENCH)/verdicts: $(BENCH)/verdicts.o $(BENCH_LANE)
	$(Q)$(CC) $(CFLAGS) $(LTO_LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

bench-programs: $(BUILD)/mailseal $(BENCH)/generate $(BENCH)/flood $(BENCH)/floor $(BENCH)/copy $(BENCH)/verdicts

bench: bench-programs
	@$(PYTHON) tools/bench/run.py --build $(BUILD) --size $(or $(SIZE),small)

$(BENCH)/reports.db: tools/bench/database.py sql/schema/*.sql | $(BUILD)/mailseal
	$(Q)mkdir -p $(@D); $(PYTHON) tools/bench/database.py make --bin $(BUILD)/mailseal $@.tmp && mv $@.tmp $@

bench-reports: $(BUILD)/mailseal $(BENCH)/reports.db
	@$(PYTHON) tools/bench/database.py time --bin $(BUILD)/mailseal $(BENCH)/reports.db

bench-live: $(BUILD)/mailseal $(BENCH)/generate
	@$(PYTHON) tools/bench/live.py --build $(BUILD) --sessions $(or $(SESSIONS),20000)

.PHONY: bench bench-reports bench-live bench-programs
-include $(wildcard $(BENCH)/*.d)
