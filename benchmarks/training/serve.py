"""What the three children share: they do a job again and again when told to through a pipe, and answer with the times.

A child is started as `with_NAME.py JOB THREADS`; it may use as many cores as threads. Once it is warm it prints a line
of JSON: {"parameters": count, "version": text}. For each line N that it reads it does the job N times and answers with
the seconds each took; for "peak", with the growth of its peak memory since its framework was imported, in bytes.
"""

import json
import os
import resource
import sys
import time

BATCHES = {"step_1": 1, "step_32": 32}  # a training step of ResNet-8 on that many pictures
SAMPLES, FIT_BATCH = 6000, 128  # of an epoch of `fit` on the MNIST CNN
ADDS = 1000  # in the job "add", whose time is that of one


def arguments():
    """The job and the number of threads; keeps this process to that many cores."""
    job, threads = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    return job, threads


def peak_bytes():
    """The most memory that was resident; ru_maxrss would count what the parent had."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def serve(run, parameters, version, imported, share=1, warm=3):
    """Answers until its input ends.

    Args:
        run: does the job once.
        parameters: how many numbers the model trains; the parent compares.
        version: the framework's.
        imported: `peak_bytes()` after the framework was imported.
        share: how many of what is timed a call of `run` does.
        warm: calls before the first that counts.
    """
    for _ in range(warm):
        run()
    print(json.dumps({"parameters": parameters, "version": version}), flush=True)
    for line in sys.stdin:
        if line.strip() == "peak":
            print(json.dumps(peak_bytes() - imported), flush=True)
            continue
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) / share)
        print(json.dumps(times), flush=True)
