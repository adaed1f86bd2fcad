"""Section 5 of doc/measurement.md, as far as the evidence of one session goes."""
import re
from packets import SYN, RST

# The order in which two servers print their keywords: it names the victim of a mask.
ORDERS = ('PIPELINING SIZE VRFY ETRN STARTTLS AUTH XCLIENT XFORWARD ENHANCEDSTATUSCODES 8BITMIME DSN SMTPUTF8 CHUNKING',
          'TURN SIZE ETRN PIPELINING DSN ENHANCEDSTATUSCODES 8BITMIME BINARYMIME CHUNKING VRFY TLS STARTTLS X-EXPS '
          'X-EXPS=LOGIN AUTH AUTH=LOGIN X-LINK2STATE XEXCH50 OK')
RANK = ('possible', 'likely', 'proven')


def is_mask(word, keyword):
    """A word of the keyword's length whose letters are overwritten with one filler, the last letter free."""
    if len(word) != len(keyword) or word.upper() == keyword or word.startswith('X-'):
        return False
    for filler in {c for c in word[:-1] if not c.isalnum() or c == 'X' or len(set(word[:-1])) == 1 and c.isupper()}:
        if filler.islower():
            continue
        if all(c == filler or c == k for c, k in zip(word[:-1], keyword)):
            return True
    return False


def is_run(word):
    """A run of filler of any length, its last letter free."""
    return bool(re.fullmatch(r'X{3,}[A-Z]|X{4,}|\*{3,}.|\*{4,}', word))


def masked(words, keyword, smtp, pop3):
    """The grade that the masks of a list without an offer give, or None."""
    grades = []
    for i, word in enumerate(words):
        if is_mask(word, keyword):
            if pop3:
                likely = {'USER', 'UIDL', 'SASL'} <= set(w.upper() for w in words)
            else:
                likely = not smtp or could_be(words, i, keyword)
            grades.append('likely' if likely else 'possible')
        elif is_run(word):
            grades.append('possible')
    return max(grades, key=RANK.index, default=None)


def could_be(words, i, keyword):
    """False when a known server's order shows that the masked word was another one: the list is laid beside the order,
    each mask upon a keyword of its length (or a shorter one that takes arguments), and none of the ways has it there."""
    for order in (o.split() for o in ORDERS):
        known = [w.upper() for w in words if not is_filler(w)]
        if len(known) >= 3 and all(w in order for w in known) and fits(words, order, 0, None):
            return fits(words, order, 0, (i, keyword))
    return True


def is_filler(word):
    return bool(re.fullmatch(r'X+[A-Z]|\*+.?', word)) or is_mask(word, 'STARTTLS')


def fits(words, order, n, wanted):
    """Whether words[n:] can be laid upon `order` without a step back; `wanted` = (index, keyword) must lie so."""
    if n == len(words):
        return True
    for at, keyword in enumerate(order):
        here = words[n].upper() == keyword or is_filler(words[n]) and \
            (len(words[n]) == len(keyword) or keyword in ('SIZE', 'AUTH', 'X-EXPS') and len(words[n]) > len(keyword))
        if here and (wanted is None or (wanted[0] == n) == (keyword == wanted[1])) and fits(words, order[at + 1:], n + 1, wanted):
            return True
    return False


def is_masked_greeting(line):
    """Nothing but 2, 0, spaces and at least one asterisk."""
    return '*' in line and not line.strip('\r\n').strip('20 *')


def echo_of_mask(line, keyword):
    """A masked word that stands as a word of its own in an error."""
    return any(is_mask(w, keyword) for w in re.split(r'[\s"\'<>:;,.()\[\]]+', line))


def forged(chunk, segments):
    """The segment has another TTL than every other one of its direction, which are on both sides of it: 'possible';
    'sure' if its IP number, clock or window is not theirs either. None: it may have come another way."""
    plain = []
    for s in segments:
        again = any(t.ttl == s.ttl and not later(t.seq, s.seq) and not later(s.seq + s.length, t.seq + t.length) for t in plain)
        if not s.flags & (SYN | RST) and not (s.length and again):
            plain.append(s)
    odd = [i for i, s in enumerate(plain) if s.ttl == chunk.ttl]
    rest = [s for s in plain if s.ttl != chunk.ttl]
    if not odd or len(rest) < 3 or len({s.ttl for s in rest}) > 1:
        return None
    first, last = odd[0], odd[-1]
    if last - first + 1 != len(odd) or first == 0 or last == len(plain) - 1:
        return None
    ends = [(s.seq, s.seq + s.length) for s in plain]
    if any(ends[i - 1][1] % 2**32 != ends[i][0] for i in odd) or any(later(e, ends[first][0]) for _, e in ends[:first]):
        return None                         # it repeats bytes, comes behind a hole, or was overtaken
    if any(later(ends[last][1], b) for b, _ in ends[last + 1:]):
        return None
    return sender(plain[first - 1], plain[first], plain[last + 1])


def later(a, b):
    """a > b of sequence numbers."""
    return 0 < (a - b) % 2**32 < 2**31


def sender(before, it, behind):
    says = set()
    if before.id is not None:
        step, to_it = (behind.id - before.id) % 65536, (it.id - before.id) % 65536
        if before.id == behind.id == 0:
            says.add('other' if it.id else 'nothing')
        elif 0 < step <= 256:
            says.add('same' if 0 < to_it < step else 'other')
    if before.clock is not None and behind.clock is not None:
        step = (behind.clock - before.clock) % 2**32
        if it.clock is None:
            says.add('other')
        elif step < 2**31:
            says.add('same' if (it.clock - before.clock) % 2**32 <= step else 'other')
    if 'other' not in says and 'same' not in says and before.window == behind.window != it.window:
        says.add('other')
    return 'sure' if 'other' in says else None if 'same' in says else 'possible'


def conflict(first, last, streams):
    """Two copies of the same bytes: read with the first copies and with the last, one holds an offer, the command or
    its answer and the other does not; and the copies agree behind the place where they differ and before it, unless a
    segment begins there."""
    if not any(b < end for s in streams for _, end, _, b in s.conflicts):
        return False
    def what(d): return d.real_offer, d.facts.requested, d.facts.accepted, d.facts.refused
    return what(first) != what(last)
