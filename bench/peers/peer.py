"""The contestant's side of bench/protocol.ts for peers written in Python: one JSON object a line, numbers in raw files.

A peer hands `serve` two functions:
  recipes(case) -> list of names
  prepare(recipe, case, layers, x, v) -> (run, arrays): run() computes the whole batch and waits for it; arrays(result)
  lists numpy arrays, samples first.
`layers` is a list of (kernel [in, out], bias [out]); all numbers have the case's dtype.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

THREADS = int(os.environ.get("NABLA_BENCH_THREADS", "1"))


def limit_threads():
    """Pins the process to as many processors as it may use threads. Before the library is imported: it counts them."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:THREADS])


def chunks_of(n):
    """Chunk lengths worth a try for n samples; a chunk's intermediate values have to fit the caches."""
    return [c for c in (256, 512, 1024, 2048, 4096, 8192, 16384) if 2 * c <= n]


def few_chunks_of(n):
    """Fewer of them, for ways that multiply with others; whole ones only."""
    return [c for c in (1024, 4096) if 2 * c <= n and n % c == 0]


def split_layers(case, numbers):
    """Leaves in Flax's order: bias before kernel, layer by layer."""
    layers, at, inputs = [], 0, case["d"]
    for outputs in case["features"]:
        bias = numbers[at : at + outputs]
        at += outputs
        kernel = numbers[at : at + inputs * outputs].reshape(inputs, outputs)
        at += inputs * outputs
        layers.append((kernel, bias))
        inputs = outputs
    return layers


def flat_gradient(gradient):
    """[(kernel, bias), ...] in Flax's order of leaves, as one vector."""
    return np.concatenate([np.asarray(a).ravel() for kernel, bias in gradient for a in (bias, kernel)])


def _calls(run, n):
    begin = time.perf_counter()
    for _ in range(n):
        run()
    return time.perf_counter() - begin


def _measure(run, seconds):
    """Seconds of each call; calls far below a millisecond are timed in groups."""
    calls = 1
    took = _calls(run, calls)
    while took < 0.5e-3:
        calls *= 2
        took = _calls(run, calls)
    times, total = [took / calls], took
    while total < seconds:
        took = _calls(run, calls)
        times.append(took / calls)
        total += took
    return times, calls * len(times)


class Again:
    """This peer once more, in a process of its own with other settings, which the library reads when it is loaded."""

    def __init__(self, **settings):
        self.env = {**os.environ, **settings}
        self.process = None

    def ask(self, line):
        if self.process is None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([sys.executable, sys.argv[0]], env=self.env, stdin=pipe, stdout=pipe, text=True)
        self.process.stdin.write(line)
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            code, self.process = self.process.wait(), None
            raise RuntimeError(f"its process ended with {code}")
        return json.loads(reply)


def serve(versions, recipes, prepare, again=None, is_for_it=lambda recipe: False):
    """Recipes for which `is_for_it` holds are left to `again`."""
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    prepared = {}

    def answer(request):
        op = request["op"]
        if again and is_for_it(request.get("recipe", "")):
            return again.ask(json.dumps(request) + "\n")
        if op == "hello":
            return {"versions": versions}
        if op == "recipes":
            return {"recipes": recipes(request["case"])}
        if op == "prepare":
            problem = request["problem"]
            dtype, n, d = problem["dtype"], problem["N"], problem["d"]
            layers = split_layers(problem, np.fromfile(problem["paramsFile"], dtype))
            x = np.fromfile(problem["xFile"], dtype).reshape(n, d)
            v = np.fromfile(problem["vFile"], dtype).reshape(n, d) if problem["quantity"] == "hvp" else None
            begin = time.perf_counter()
            run, arrays = prepare(request["recipe"], problem, layers, x, v)
            result = run()
            first = time.perf_counter() - begin
            rows = [np.asarray(a) for a in arrays(result)]
            if problem["quantity"] != "step":
                rows = [a[: problem["rows"]] for a in rows]
            with open(problem["resultFile"], "wb") as file:
                for a in rows:
                    file.write(np.ascontiguousarray(a, dtype).tobytes())
            prepared[request["recipe"]] = run
            times, _ = _measure(run, 0.1)
            return {"firstSeconds": first, "seconds": min(times)}
        if op == "time":
            times, calls = _measure(prepared[request["recipe"]], request["seconds"])
            return {"seconds": statistics.median(times), "calls": calls}
        if op == "drop":
            prepared.clear()
            if again and again.process:
                again.ask(json.dumps(request) + "\n")
            return {}
        raise ValueError(f"no operation {op}")

    for line in sys.stdin:
        try:
            reply = {"ok": True, **answer(json.loads(line))}
        except Exception as error:  # the harness is told, whatever it is
            message = str(error).strip().split("\n")[0]
            reply = {"ok": False, "error": f"{type(error).__name__}: {message}"[:300]}
        print(json.dumps(reply), file=answers, flush=True)
