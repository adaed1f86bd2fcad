# Planted secrets in the memory of the running program (tests/secrets.py). The program searched is the program,
# but for one call: it does not close its memory to its parent.
#   make secrets                      after each twelfth golden; SECRETS_EVERY=1 after each; SECRETS_LANES=2 with lanes;
#                                     SECRETS_WRITE=--write of a sensor that keeps evidence
SECRETS_BIN = $(BUILD)/tests/secrets/mailseal

$(BUILD)/tests/secrets/readable.o: tests/secrets/readable.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(SECRETS_BIN): $(OBJ) $(BUILD)/tests/secrets/readable.o
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(NO_LTO) $(LDFLAGS) -Wl,--wrap=prctl -o $@ $^ $(LIBS)

secrets: $(SECRETS_BIN)
	@$(PYTHON) tests/secrets.py --bin $(SECRETS_BIN) --every $(or $(SECRETS_EVERY),12) --lanes $(or $(SECRETS_LANES),0) $(SECRETS_WRITE)

# What is stored in the place of addresses, and where their key lies in memory.
ADDRESSES_READABLE = $(if $(SANITIZE),,$(SECRETS_BIN))
addresses: $(BUILD)/mailseal $(ADDRESSES_READABLE)
	@$(PYTHON) tests/addresses.py --bin $(BUILD)/mailseal $(addprefix --readable ,$(ADDRESSES_READABLE))

.PHONY: secrets addresses
-include $(BUILD)/tests/secrets/readable.d
