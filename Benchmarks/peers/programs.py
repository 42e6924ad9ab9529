"""programs.py NAME [FOLDER]: starts a real program and its workers as the calling user, prints "ready" when they are at
rest, and stays until its standard input ends. It prints "unavailable" if the program is not installed."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import time

MEBIBYTE = 1 << 20
node_worker = """
const cluster = require("cluster");
if (cluster.isPrimary) { for (let i = 0; i < 4; i++) cluster.fork(); }
else { global.kept = Array.from({length: 300000}, (_, i) => ({i, s: "x" + i})); }
setInterval(() => {}, 1e9);
"""
perl_prefork = """
my %h = map { $_ => "value $_" x 4 } 1 .. 200000;
for my $w (1 .. 6) { next if fork; my $n = 0; for my $k (keys %h) { $n += length $h{$k} if $k % 3 == 0 } sleep 1000 }
sleep 1000;
"""
bash_subshells = """
list=(); for i in {1..60000}; do list+=("element $i"); done
for w in 1 2 3 4; do ( for i in {1..15000}; do list[i]="own $w $i"; done; read -t 1000 <> <(:) ) & done
read -t 1000 <> <(:)
"""
java_program = """
public class Held {
    public static void main(String[] a) throws Exception {
        java.util.ArrayList<Object> l = new java.util.ArrayList<>();
        for (int i = 0; i < 400000; i++) l.add(new int[64]);
        Thread.sleep(1000000);
    }
}
"""


def settle() -> None:
    while True:
        signal.pause()


def python_prefork(frozen: bool = False) -> None:
    """A preforking server: the workers read the objects of the parent, and so write their reference counts."""
    held = [{"number": i, "text": str(i) * 3} for i in range(200_000)]
    if frozen:
        gc.freeze()
    for worker in range(6):
        if os.fork() == 0:
            own = [str(i) for i in held[worker * 20_000 : (worker + 2) * 20_000]]
            gc.collect()
            while own:
                signal.pause()
    time.sleep(1)


def python_arrays() -> None:
    """A pool whose workers share an array, and each have results of their own."""
    shared = bytearray(os.urandom(MEBIBYTE)) * 96
    for worker in range(8):
        if os.fork() == 0:
            shared[worker * 8 * MEBIBYTE : (worker * 8 + 5) * MEBIBYTE] = bytes(5 * MEBIBYTE)
            own = bytearray(shared[: (worker + 1) * 2 * MEBIBYTE])
            while own:
                signal.pause()
    time.sleep(1)


def start(*command: str, text: str | None = None) -> None:
    if not shutil.which(command[0]):
        print("unavailable", flush=True)
        sys.exit()
    pipe = subprocess.PIPE if text else subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    if text:
        child.stdin.write(text)
        child.stdin.flush()


def postgres(folder: str) -> None:
    data = os.path.join(folder, "data")
    if not shutil.which("initdb"):
        print("unavailable", flush=True)
        sys.exit()
    subprocess.run(["initdb", "-A", "trust", "-U", "u", "-D", data], check=True, stdout=subprocess.DEVNULL)
    start("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "autovacuum=off")
    time.sleep(3)
    query = "create temp table t as select g, md5(g::text) from generate_series(1, 200000) g; select count(*) from t;\n"
    for _ in range(4):
        start("psql", "-h", folder, "-U", "u", "postgres", text=query)


def chromium(folder: str) -> None:
    rows = "<tr><td>cell</td></tr>" * 20_000
    script = "window.kept = Array.from({length: 300000}, (_, i) => ({i, s: 'x' + i}))"
    page = written(folder, "page.html", f"<script>{script}</script><table>{rows}</table>")
    own = f"--user-data-dir={os.path.join(folder, 'profile')}"
    os.environ["HOME"] = folder
    # The user of the benchmark may not create the sandbox.
    # It frees memory some time after the page is complete.
    start("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", own, f"file://{page}")
    time.sleep(40)


def written(folder: str, name: str, text: str) -> str:
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


programs = {
    "python-prefork": lambda _: python_prefork(),
    "python-prefork-frozen": lambda _: python_prefork(frozen=True),
    "python-arrays": lambda _: python_arrays(),
    "perl-prefork": lambda _: start("perl", "-e", perl_prefork),
    "bash-subshells": lambda _: start("bash", "-c", bash_subshells),
    "node-cluster": lambda folder: start("node", written(folder, "cluster.js", node_worker)),
    "java": lambda folder: start("java", "-Xmx400m", written(folder, "Held.java", java_program)),
    "postgres": postgres,
    "chromium": chromium,
}

if __name__ == "__main__":
    root = os.getpid()
    programs[sys.argv[1]](sys.argv[2])
    if os.getpid() == root:
        time.sleep(6)
        print("ready", flush=True)
        sys.stdin.read()
        sys.exit()
    settle()
