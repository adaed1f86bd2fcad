"""Records one world of clients.py: its clients through the box, attack after attack, with a capture on either side.

What is left in the folder: before.SIDE.pcap (clients of other networks, nothing attacked), ATTACK.SIDE.pcap, and
cells.json: [attack, client, kind, address] of each client. SIDE is client or server. Where MAILSEAL_SENSOR names the
program, a sensor listens beside each tcpdump, and leaves ATTACK.SIDE.db."""
import json, os, re, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'tools'))
from recording import capture, certificates, network, roots, scenario
from recording.servers import SENDERS as PROGRAMS
import attacks, clients

VICTIMS = '198.51.100.0/24'
SIDES = ('client', 'server')
FILLERS = ['198.51.100.%d' % n for n in (251, 252, 253)]


def attacks_on(world):
    return [a for a in (*attacks.ATTACKS, *attacks.PROXIES) if attacks.ONLY.get(a, world.proto) == world.proto]


def build(names):
    """The roots these worlds need, in the network of this machine."""
    roots.install_tools()
    roots.build('clients', scenario.CLIENTS, scenario.CLIENTS_NPM)
    for program in {p.name: p for p in [*(clients.WORLDS[n].server for n in names), *PROGRAMS]}.values():
        roots.build(program.name, program.packages, program.npm)
    certificates.make()


class Sensor:
    """mailseal monitor, given the same packets as tcpdump."""
    def __init__(self, program, db, space):
        self.p = subprocess.Popen(['ip', 'netns', 'exec', space, program, 'monitor', '--interface', 'wire', '--filter', capture.FILTER, '--db', db],
                                  stdin=subprocess.DEVNULL)
        children, deadline = '/proc/%d/task/%d/children' % (self.p.pid, self.p.pid), time.monotonic() + 10
        while self.p.poll() is None and time.monotonic() < deadline and (not os.path.exists(db) or len(open(children).read().split()) < 2):
            time.sleep(.05)
        time.sleep(.5)                                  # the parser reads

    def stop(self):
        time.sleep(1.2)                                 # what the kernel still holds
        self.p.send_signal(signal.SIGTERM)
        if self.p.wait(20):
            raise SystemExit('live: the sensor left with status %d' % self.p.returncode)


class Recorder:
    def __init__(self, name, folder, chosen):
        self.world, self.folder, self.cells, self.number, self.places = clients.WORLDS[name], folder, [], 0, []
        self.attacks = [a for a in attacks_on(self.world) if not chosen or a in chosen]

    def place(self, root, space):
        p = network.Place(root, space, self.overlays)
        self.places.append(p)
        certificates.put(p)
        return p

    def record(self):
        self.net = network.Network(box=True)
        for n in range(1, 30):
            network.ip('-n', 'client', 'addr', 'add', '198.18.%d.1/32' % n, 'dev', 'wire')
        for a in FILLERS:
            network.ip('-n', 'client', 'addr', 'add', a + '/32', 'dev', 'wire')
        self.net.client(250)                            # for routes
        with tempfile.TemporaryDirectory() as self.overlays:
            roots.must(['mount', '-t', 'tmpfs', 'tmpfs', self.overlays])
            try:
                self.start()
                self.run()
            finally:
                for p in self.places:
                    p.stop()
                roots.must(['umount', '-R', '-l', self.overlays])
        with open(os.path.join(self.folder, 'cells.json'), 'w') as f:
            json.dump(self.cells, f)

    def start(self):
        server, self.senders = self.world.server, {}
        self.server, self.clients = self.place(server.name, 'server'), self.place('clients', 'client')
        with open(os.path.join(HERE, 'others')) as f:
            self.clients.write('usr/bin/others', f.read(), 0o755)
        server.configure(self.server)
        self.server.start(server.start)
        for name in {c[3] for c in self.world.clients if c[3]}:
            sender = clients.SENDERS[name]
            p = self.senders[name] = self.place(sender.program.name, 'client')
            sender.program.configure(p, **sender.settings)
            p.start(sender.program.start)
        self.server.wait_for_ports(server.ports)
        for name, p in self.senders.items():
            clients.SENDERS[name].program.wait(p)

    def run(self):
        self.under('pass', 'before', lambda: self.others(range(1, 25)))
        for attack in self.attacks:
            self.under(attack, attack, lambda: self.all_clients(attack))

    def under(self, attack, name, visit):
        """Captures on both sides while the box does that attack."""
        box = self.box(attack)
        path, program = os.path.join(self.folder, '%s.%s.%s'), os.environ.get('MAILSEAL_SENSOR')
        more = ['--time-stamp-precision=nano'] if program else []
        captures = [capture.Capture(path % (name, side, 'pcap'), side, more) for side in SIDES]
        self.capture = captures[0]
        captures += [Sensor(program, path % (name, side, 'db'), side) for side in SIDES if program]
        try:
            visit()
        finally:
            for c in captures:
                c.stop()
            box.send_signal(signal.SIGTERM)
            box.wait()
            if attack in attacks.PROXIES:
                pose(False)

    def box(self, attack):
        proxy = attack in attacks.PROXIES
        if proxy:
            pose(True)
        box = subprocess.Popen([sys.executable, os.path.join(HERE, 'proxy.py' if proxy else 'box.py'), attack, VICTIMS], stdout=subprocess.PIPE)
        if box.stdout.readline() != b'ready\n':
            raise SystemExit('live: the box did not start')
        return box

    def others(self, numbers, addresses=()):
        known = len(capture.connections(self.capture.path))
        addresses = addresses or ['198.18.%d.1' % n for n in numbers]
        _, out = self.clients.run(' '.join(['others', self.world.proto, str(self.world.port), *addresses]), b'', 60)
        if out and addresses is not FILLERS:
            print('live: other clients: ' + out.strip())
        self.capture.wait(known, len(addresses), 1)

    def all_clients(self, attack):
        self.others((), FILLERS)
        for name, kind, line, sender in self.world.clients:
            self.number += 1
            self.net.client(self.number)
            known = len(capture.connections(self.capture.path))
            self.one(line, sender)
            self.capture.wait(known, 1, 1.2)
            self.cells.append([attack, name, kind, network.CLIENT_NET % self.number])
        if attack == 'swallow':
            time.sleep(31)                              # from 30 s on silence is an end (section 2)
        self.others(range(1, 13))

    def one(self, line, sender):
        if not sender:
            return self.clients.run(line, b'', 12)
        place, how = self.senders[sender], clients.SENDERS[sender]
        start, deadline = os.path.getsize(place.logfile), time.monotonic() + 8
        place.run(line, b'', 12)
        while not re.search(how.done, place.log(start)) and time.monotonic() < deadline:
            time.sleep(0.05)
        place.run(how.forget, b'', 5)


def pose(on):
    """The box as a full proxy has the server's address on the client's side, and the clients' on the server's side."""
    verb = 'add' if on else 'del'
    network.ip('-n', 'inner', 'addr', verb, '192.0.2.25/32', 'dev', 'lo')
    for net in ('198.51.100.0/24', network.OTHERS):
        network.ip('-n', 'inner', 'route', verb, net, 'dev', 'wire')
        network.ip('-n', 'outer', 'route', verb, 'local', net, 'dev', 'lo')
    network.ip('-n', 'outer', 'route', verb, '192.0.2.0/24', 'dev', 'wire')


if __name__ == '__main__':
    Recorder(sys.argv[1], sys.argv[2], sys.argv[3:]).record()
