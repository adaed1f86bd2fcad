/* floor CAPTURE
 * The least that a reader by libpcap can cost: an empty callback, and a buffer of 256 KiB under it (by
 * itself libpcap reads 4 KiB at a time). Prints the number of packets. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

static void count(u_char *n, const struct pcap_pkthdr *h, const u_char *bytes)
{
    (void)h;
    (void)bytes;
    ++*(unsigned long long *)(void *)n;
}

int main(int argc, char **argv)
{
    enum { BUFFER = 256 * 1024 };
    char error[PCAP_ERRBUF_SIZE];
    unsigned long long n = 0;
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!f || setvbuf(f, malloc(BUFFER), _IOFBF, BUFFER)) {
        fprintf(stderr, "floor: %s cannot be read\n", argc == 2 ? argv[1] : "a capture");
        return 1;
    }
    pcap_t *p = pcap_fopen_offline(f, error);
    if (!p || pcap_loop(p, -1, count, (u_char *)&n) < 0) {
        fprintf(stderr, "floor: %s\n", p ? pcap_geterr(p) : error);
        return 1;
    }
    printf("packets %llu\n", n);
    return 0;
}
