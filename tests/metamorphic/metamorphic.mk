# Metamorphic tests (contract: tests/metamorphic/metamorphic.h).
#   make metamorphic        a fixed sample        make metamorphic-long   every derived capture
METAMORPHIC     := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(sort $(wildcard tests/metamorphic/*.c)))
METAMORPHIC_BIN  = $(BUILD)/tests/metamorphic/metamorphic
# Of the program everything below the commands: the lane and what it needs, and the reader of captures.
METAMORPHIC_LANE = $(filter $(addprefix $(BUILD)/,base/% capture/% decode/% flow/% proto/% facts/% \
                     dialogue/% verdict/% dpi/% app/lane.o app/talk.o app/ports.o),$(OBJ))
METAMORPHIC_EVERY ?= 5

$(BUILD)/tests/metamorphic/%.o: tests/metamorphic/%.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/metamorphic -c -o $@ $<

$(METAMORPHIC_BIN): $(METAMORPHIC) $(METAMORPHIC_LANE)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

metamorphic: $(METAMORPHIC_BIN)
	@$(METAMORPHIC_BIN) --every $(METAMORPHIC_EVERY) tests/pcaps

metamorphic-long: $(METAMORPHIC_BIN)
	@$(METAMORPHIC_BIN) tests/pcaps

-include $(METAMORPHIC:.o=.d)
.PHONY: metamorphic metamorphic-long
