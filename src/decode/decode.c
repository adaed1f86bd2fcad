#include "decode/decode.h"

#include "decode/layers.h"

enum { TCP_HEADER = 20 };

/* RFC 9293 section 3.1 */
static enum layer tcp(struct walk *w)
{
    struct segment *seg = w->seg;
    const uint8_t *p = w->rest.p;

    if (w->rest.n < TCP_HEADER)
        return walk_short(w, TCP_HEADER);
    size_t header = (p[12] >> 4) * 4u;
    if (header < TCP_HEADER)
        return walk_stop(w, DECODE_MALFORMED);
    if (w->rest.n < header)
        return walk_short(w, header);
    seg->src.port = load_be16(p);
    seg->dst.port = load_be16(p + 2);
    seg->seq = load_be32(p + 4);
    seg->ack = load_be32(p + 8);
    seg->flags = p[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
    seg->tcp = w->rest;
    walk_take(w, header);
    seg->payload = w->rest;
    seg->len = (uint32_t)w->wire;
    return walk_stop(w, DECODE_TCP);
}

static enum layer next_layer(enum layer layer, struct walk *w)
{
    switch (layer) {
    case LAYER_ETHERNET:    return link_ethernet(w);
    case LAYER_COOKED:      return link_cooked(w);
    case LAYER_COOKED2:     return link_cooked2(w);
    case LAYER_LOOPBACK:    return link_loopback(w);
    case LAYER_ETHERTYPE:   return link_ethertype(w);
    case LAYER_LLC:         return link_llc(w);
    case LAYER_IP:          return ip_any(w);
    case LAYER_IPV4:        return ip_v4(w);
    case LAYER_IPV6:        return ip_v6(w);
    case LAYER_UPPER:       return ip_upper(w);
    case LAYER_TCP:         return tcp(w);
    case LAYER_DONE:        break;
    }
    return LAYER_DONE;
}

bool decode_knows_link(int linktype)
{
    return link_first(linktype) != LAYER_DONE;
}

enum decode_result decode(const struct packet *packet, struct segment *out)
{
    struct walk w = {
        .rest = packet->data,
        .wire = packet->wire_len < packet->data.n ? packet->data.n : packet->wire_len,
        .result = DECODE_UNKNOWN_LINK,
        .seg = out,
    };
    enum layer layer = link_first(packet->linktype);

    out->ts_ns = packet->ts_ns;
    out->nvlan = 0;
    for (int depth = 0; layer != LAYER_DONE; depth++) {
        if (depth == LAYERS_MAX)
            return DECODE_MALFORMED;
        layer = next_layer(layer, &w);
    }
    return w.result;
}
