#include "base/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int ok)
{
    if (ok == 1)
        return;
    fputs("mailseal: libcrypto cannot hash: out of memory, or the hash is forbidden\n", stderr);
    abort();
}

/* Looking an algorithm up costs libcrypto more than hashing a few bytes, so it is done once. Two threads
 * may both look; one of the two is kept. */
static const EVP_MD *algorithm(_Atomic(EVP_MD *) *kept, const char *name)
{
    EVP_MD *none = NULL, *found = atomic_load(kept);

    if (!found) {
        found = EVP_MD_fetch(NULL, name, NULL);
        must(found != NULL);
        if (!atomic_compare_exchange_strong(kept, &none, found)) {
            EVP_MD_free(found);
            found = none;
        }
    }
    return found;
}

static void digest(const EVP_MD *kind, const struct span *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must(ctx != NULL);
    must(EVP_DigestInit_ex(ctx, kind, NULL));
    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n));
    must(EVP_DigestFinal_ex(ctx, out, NULL));
    EVP_MD_CTX_free(ctx);
}

void digest_sha256(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA256])
{
    static _Atomic(EVP_MD *) kept;
    digest(algorithm(&kept, "SHA256"), parts, n, out);
}

void digest_sha1(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA1])
{
    static _Atomic(EVP_MD *) kept;
    digest(algorithm(&kept, "SHA1"), parts, n, out);
}

bool digest_md5(struct span in, uint8_t out[DIGEST_MD5])
{
    return EVP_Digest(in.p, in.n, out, NULL, EVP_md5(), NULL) == 1;
}

const char *digest_library(void) { return OpenSSL_version(OPENSSL_VERSION); }

size_t base64_text(struct span in, char *out, size_t size)
{
    if (in.n > INT_MAX / 2 || (in.n + 2) / 3 * 4 + 1 > size) {
        if (size)
            *out = 0;
        return 0;
    }
    return (size_t)EVP_EncodeBlock((unsigned char *)out, in.p, (int)in.n);
}
