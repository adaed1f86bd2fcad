#!/usr/bin/env python3
"""Damage of every kind, through the program as it is run by its user: captures that are cut or corrupt, what is
no capture, files and outputs that fail, databases that are locked, full, damaged, foreign or hostile.

usage: damage.py [--bin build/mailseal] [--lanes N] [GROUP…]      groups: captures files databases

Each complaint of the program must be one line that names the file and says what to do, its status one of
<sysexits.h> as in doc/mailseal.1, and nothing lost that was read before the damage or committed.
Needs no root; what root may do regardless is tried without root's rights.
The last line is "N passed, N failed"; the status is 0 when nothing failed.
"""
import argparse, concurrent.futures, os, shlex, shutil, sys, tempfile, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, 'damage'))
import captures, databases, files, kit

GROUPS = {'captures': captures, 'files': files, 'databases': databases}


def with_lanes(binary, lanes, base):
    """A program that analyses with this number of lanes; a copy, since a checkout may be one user's alone."""
    path = os.path.join(base, 'mailseal')
    binary = shutil.copy(binary, path + '.whole')
    os.chmod(binary, 0o755)
    with open(path, 'w') as f:
        f.write('#!/bin/sh\nif test "$1" = analyze; then shift; set -- analyze --lanes %d "$@"; fi\nexec %s "$@"\n' % (lanes, shlex.quote(binary)))
    os.chmod(path, 0o755)
    return path


def work(binary, base, job):
    tally = kit.Tally()
    bench = kit.Bench(binary, tally, base)
    try:
        job(bench)
    except Exception:
        tally.problems.append('%s: %s' % (getattr(job, '__name__', job), traceback.format_exc()))
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    return tally


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--lanes', type=int, default=0)
    ap.add_argument('groups', nargs='*', choices=[[]] + list(GROUPS))
    a = ap.parse_args()
    # A folder in memory: hundreds of databases are made, and it is not the disk that is tested.
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    base = tempfile.mkdtemp(prefix='mailseal-damage-', dir=memory)
    os.chmod(base, 0o755)
    jobs = [job for name in a.groups or GROUPS for job in GROUPS[name].tests()]
    binary = with_lanes(os.path.abspath(a.bin), a.lanes, base)
    passed, failed = 0, 0
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for tally in pool.map(lambda job: work(binary, base, job), jobs):
                passed += tally.passed
                failed += len(tally.problems)
                for p in tally.problems:
                    print(p)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
