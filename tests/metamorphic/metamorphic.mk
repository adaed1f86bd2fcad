# Metamorphic tests (contract: tests/metamorphic/metamorphic.h).
#   make check-long   every derived capture; `make check` runs a fixed sample of them
METAMORPHIC     := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(sort $(wildcard tests/metamorphic/*.c)))
METAMORPHIC_BIN  = $(BUILD)/tests/metamorphic/metamorphic
# Of the program everything below the commands: the lane and what it needs, and the reader of captures.
METAMORPHIC_LANE = $(filter $(addprefix $(BUILD)/,base/% capture/% decode/% flow/% proto/% facts/% \
                     dialogue/% verdict/% dpi/% app/lane.o app/evidence.o app/evidence_ring.o app/intake.o app/talk.o app/ports.o),$(OBJ))
# Of how many one is run in `make check`.
METAMORPHIC_EVERY ?= $(if $(filter yes,$(SANITIZE)),100,12)

$(BUILD)/tests/metamorphic/%.o: tests/metamorphic/%.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/metamorphic -c -o $@ $<

$(METAMORPHIC_BIN): $(METAMORPHIC) $(METAMORPHIC_LANE)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(NO_LTO) $(LDFLAGS) -o $@ $^ $(LIBS)

check-long: $(METAMORPHIC_BIN)
	@$(METAMORPHIC_BIN) tests/pcaps tests/pcaps/recorded

-include $(METAMORPHIC:.o=.d)
.PHONY: check-long
