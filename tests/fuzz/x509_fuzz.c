/* A certificate: whatever the bytes are, its words are printable and end. */
#include "base/x509.h"
#include "fuzz.h"

static void clean(const char name[X509_TEXT])
{
    const char *end = memchr(name, 0, X509_TEXT);
    must(end);
    for (const char *p = name; p < end; p++)
        must(*p >= ' ' && *p <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct x509_words w;
    uint8_t *copy = exact_copy(bytes, n);

    if (x509_read(span_of(copy, n), &w)) {
        clean(w.subject);
        clean(w.issuer);
    }
    free(copy);
    return 0;
}
