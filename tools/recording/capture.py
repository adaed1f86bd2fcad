"""tcpdump on an end of the wire, the client's unless it is said otherwise, and just enough of TCP to tell one connection from another."""
import ipaddress, os, signal, struct, subprocess, time
from . import roots


class Connection:
    def __init__(self, client, server):
        self.client, self.server = client, server      # (address, port)
        self.payload = self.reset = False
        self.fins = set()

    @property
    def closed(self): return self.reset or len(self.fins) == 2


def endpoint(address, port): return ('[%s]:%d' if ':' in address else '%s:%d') % (address, port)


def packets(data):
    """(source, destination, flags, length of the payload) of each TCP packet of an Ethernet capture."""
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from('<I', data, at + 8)[0]
        p = data[at + 16:at + 16 + size]
        at += 16 + size
        if at > len(data):
            return                                      # tcpdump is still writing it
        kind = struct.unpack_from('>H', p, 12)[0]
        if kind == 0x0800 and p[23] == 6:
            ip, end = 14 + (p[14] & 15) * 4, 14 + struct.unpack_from('>H', p, 16)[0]
            source, destination = p[26:30], p[30:34]
        elif kind == 0x86dd and p[20] == 6:
            ip, end = 54, 54 + struct.unpack_from('>H', p, 18)[0]
            source, destination = p[22:38], p[38:54]
        else:
            continue
        ports = struct.unpack_from('>HH', p, ip)
        yield ((str(ipaddress.ip_address(source)), ports[0]), (str(ipaddress.ip_address(destination)), ports[1]),
               p[ip + 13], end - ip - (p[ip + 12] >> 4) * 4)


def connections(path):
    """Connections to a server that carried payload, in the order of their SYN."""
    found, order = {}, []
    with open(path, 'rb') as f:
        data = f.read()
    for source, destination, flags, length in packets(data):
        if flags & 0x12 == 0x02 and (source, destination) not in found:
            c = Connection(source, destination)
            found[source, destination] = found[destination, source] = c
            order.append(c)
        c = found.get((source, destination))
        if c:
            c.payload |= length > 0
            c.reset |= bool(flags & 4)
            if flags & 1:
                c.fins.add(source)
    return [c for c in order if c.payload]


FILTER = 'tcp and not port 113'       # ident is a call back of the server and no mail


class Capture:
    def __init__(self, path, space='client', more=()):
        self.path = path
        self.tcpdump = subprocess.Popen(['ip', 'netns', 'exec', space, 'tcpdump', '-Z', 'root', '-i', 'wire', '--immediate-mode', '-U', '-s0', *more,
                                         '-w', path, FILTER], stderr=subprocess.PIPE)
        line = self.tcpdump.stderr.readline()
        while line and b'listening on' not in line:
            line = self.tcpdump.stderr.readline()
        if not line:
            raise SystemExit('record: tcpdump did not start')
        while not os.path.exists(path) or os.path.getsize(path) < 24:
            time.sleep(0.01)

    def wait(self, known, wanted, timeout=10):
        """The connections behind the first `known`, once there are `wanted` and all of them are over."""
        deadline = time.monotonic() + timeout
        while True:
            new = connections(self.path)[known:]
            if len(new) >= wanted and all(c.closed for c in new):
                time.sleep(0.15)                        # one more that nobody expects, a last ACK
                return connections(self.path)[known:]
            if time.monotonic() > deadline:
                return new
            time.sleep(0.05)

    def stop(self):
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait()
