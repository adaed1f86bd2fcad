"""Scenarios: a server in one configuration, and the clients that come to it, one after the other."""
import importlib, os, pkgutil, re, tempfile
from . import capture, certificates, network, roots, truth

SCENARIOS = {}
CLIENTS = ['bind9-host', 'ca-certificates', 'curl', 'cyrus-clients', 'fetchmail', 'getmail6', 'gnutls-bin', 'gsasl', 'isync', 'libauthen-ntlm-perl',
           'libauthen-sasl-perl', 'libdigest-hmac-perl', 'libio-socket-inet6-perl', 'libio-socket-ssl-perl', 'libnet-ssleay-perl',
           'libsasl2-modules-otp', 'mpop', 'msmtp', 'netcat-openbsd', 'node-nodemailer', 'nodejs', 'openssl', 'python3-minimal', 'libpython3-stdlib', 's-nail',
           'sieve-connect', 'swaks']
CLIENTS_NPM = ['node@24']           # it brings OpenSSL 3.5; /usr/bin/nodejs has 3.0


class Scenario:
    def __init__(self, name, about, server, run):
        self.name, self.about, self.server, self.run = name, about, server, run


def scenario(name, server):
    """Decorates a function that takes a Recording and lets clients come; its docstring says what it shows."""
    def add(run):
        if name in SCENARIOS:
            raise SystemExit('record: two scenarios are called ' + name)
        SCENARIOS[name] = Scenario(name, ' '.join(run.__doc__.split()), server, run)
        return run
    return add


def load():
    from . import scenarios
    for module in sorted(m.name for m in pkgutil.iter_modules(scenarios.__path__)):
        importlib.import_module('recording.scenarios.' + module)


class Server:
    """What a server has to say of itself; see servers/."""
    name = None             # of its root; also what the figures count
    packages = []           # of Debian
    npm = []
    start = None            # the command, which stays in the foreground
    ports = []              # that it listens on when it is ready
    signs = []              # see truth.contradictions
    def configure(self, place): raise NotImplementedError
    def version(self, place): return place.do("dpkg-query -W -f '${Version}' " + self.packages[0])


class Step:
    def __init__(self, what, connections, truths):
        self.what, self.connections, self.truths = what, connections, truths


class Recording:
    """Runs one scenario. `clients` is the place of the programs that need no configuration of their own."""
    def __init__(self, scenario, net, folder):
        self.scenario, self.net, self.folder = scenario, net, folder
        self.steps, self.problems, self.number, self.places = [], [], 0, []
        self.file = os.path.join(folder, scenario.name + '.pcap')

    def place(self, root, space):
        p = network.Place(root, space, self.folder)
        self.places.append(p)
        certificates.put(p)
        return p

    def record(self):
        server = self.scenario.server
        try:
            self.server = self.place(server.name, 'server')
            self.clients = self.place('clients', 'client')
            with open(os.path.join(os.path.dirname(__file__), 'talk')) as f:
                self.clients.write('usr/bin/talk', f.read(), 0o755)
            server.configure(self.server)
            self.version = server.version(self.server)
            self.server.start(server.start)
            self.server.wait_for_ports(server.ports)
            self.capture = capture.Capture(self.file)
            self.scenario.run(self)
            self.capture.stop()
        finally:
            for p in self.places:
                p.stop()

    def sender(self, program, **settings):
        """A mail server that sends from the client's space; `run(…, where=…)` gives it mail."""
        p = self.place(program.name, 'client')
        program.configure(p, **settings)
        p.start(program.start)
        program.wait(p)
        return p

    def run(self, line, *truths, stdin='', where=None, same_client=False, says=(), logs=(), no_logs=(), timeout=20, wait=10):
        """One client: `line` is a shell command in its root; `truths` are the sessions it makes, in their order.
        same_client  it has the address of the client before it
        says, logs, no_logs   patterns that its output, and the log of the server, must (not) show"""
        if not same_client:
            self.number += 1
        self.net.client(self.number)
        where = where or self.clients
        known, start = len(capture.connections(self.file)), os.path.getsize(self.server.logfile)
        mine = os.path.getsize(where.logfile)
        status, out = where.run(line, stdin.replace('\n', '\r\n').encode(), timeout)
        found = self.capture.wait(known, len(truths), wait)
        log = self.server.log(start)
        if where is not self.clients:
            out += where.log(mine)
        before = len(self.problems)
        if status is None:
            self.problem(line, 'took more than %d s' % timeout)
        if len(found) != len(truths):
            self.problem(line, '%d sessions, not %d' % (len(found), len(truths)))
        elif not all(c.closed for c in found):
            self.problem(line, 'a session is still open')
        for why in truth.contradictions(truths, log, self.scenario.server.signs):
            self.problem(line, why)
        for text, patterns, wanted in ((out, says, True), (log, logs, True), (log, no_logs, False)):
            for pattern in patterns:
                if bool(re.search(pattern, text, re.M)) != wanted:
                    self.problem(line, '%r is %s' % (pattern, 'missing' if wanted else 'there'))
        if len(self.problems) > before:
            self.problems[-1] += '\n--- the client (status %s)\n%s\n--- the log\n%s' % (status, out, log)
        self.steps.append(Step(line if where is self.clients else '(%s) %s' % (where.name, line), found, truths))

    def problem(self, line, why): self.problems.append('%s: %s\n    %s' % (self.scenario.name, why, line))


def roots_of(names):
    """Builds what these scenarios need, in the network of this machine."""
    from .servers import SENDERS
    roots.install_tools()
    roots.build('clients', CLIENTS, CLIENTS_NPM)
    programs = {SCENARIOS[n].server.name: SCENARIOS[n].server for n in names}
    programs.update({s.name: s for s in SENDERS})
    for p in programs.values():
        roots.build(p.name, p.packages, p.npm)
    certificates.make()
