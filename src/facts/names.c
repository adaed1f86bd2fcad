#include "facts/names.h"

#define COUNT(table) (sizeof table / sizeof *table)

#define C(number, name) { number, name },
const struct numbered_name tls_cipher_names[] = {
#include "facts/tls_ciphers.def"
};
#undef C
const size_t tls_cipher_names_n = COUNT(tls_cipher_names);

#define G(number, name, pq) { number, name },
const struct numbered_name tls_group_names[] = {
#include "facts/tls_groups.def"
};
#undef G
const size_t tls_group_names_n = COUNT(tls_group_names);

const struct numbered_name tls_version_names[] = {
    { 0x0002, "SSLv2" },   { 0x0300, "SSLv3" },   { 0x0301, "TLSv1.0" },
    { 0x0302, "TLSv1.1" }, { 0x0303, "TLSv1.2" }, { 0x0304, "TLSv1.3" },
};
const size_t tls_version_names_n = COUNT(tls_version_names);

const char *tls_cipher_name(uint16_t number)
{
    size_t low = 0, high = tls_cipher_names_n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (tls_cipher_names[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low < tls_cipher_names_n && tls_cipher_names[low].number == number ? tls_cipher_names[low].name : NULL;
}

bool tls_group_is_pq(uint16_t number)
{
#define G(n, name, pq) case n: return pq;
    switch (number) {
#include "facts/tls_groups.def"
    }
#undef G
    return false;
}
