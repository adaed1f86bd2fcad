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
    case LAYER_MPLS:        return carrier_mpls(w);
    case LAYER_PPP:         return carrier_ppp(w);
    case LAYER_PPP_WITH_DIRECTION: return carrier_ppp_with_direction(w);
    case LAYER_CISCO_HDLC:  return carrier_cisco_hdlc(w);
    case LAYER_PPPOE:       return carrier_pppoe(w);
    case LAYER_NFLOG:       return link_nflog(w);
    case LAYER_TCP:         return tcp(w);
    case LAYER_DONE:        break;
    }
    return LAYER_DONE;
}

bool decode_knows_link(int linktype)
{
    return link_first(linktype) != LAYER_DONE;
}

/* A packet on a tunnel's UDP port that could not be read was none of that tunnel. */
static enum decode_result judged(const struct walk *w)
{
    bool unread = w->result == DECODE_MALFORMED || w->result == DECODE_NOT_IP;
    return w->guessed && unread ? DECODE_NOT_TCP : w->result;
}

static enum decode_result take_off(const struct packet *packet, enum layer layer, struct segment *out)
{
    struct walk w = {
        .rest = packet->data,
        .wire = packet->wire_len < packet->data.n ? packet->data.n : packet->wire_len,
        .result = DECODE_UNKNOWN_LINK,
        .seg = out,
    };

    out->ts_ns = packet->ts_ns;
    for (int depth = 0; layer != LAYER_DONE; depth++)
        layer = depth < LAYERS_MAX ? next_layer(layer, &w) : walk_too_deep(&w);
    return judged(&w);
}

enum decode_result decode(const struct packet *packet, struct segment *out)
{
    out->nvlan = out->ntunnel = 0;
    return take_off(packet, link_first(packet->linktype), out);
}

enum decode_result decode_whole(const struct packet *packet, struct segment *seg)
{
    return take_off(packet, LAYER_IP, seg);
}
