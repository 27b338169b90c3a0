"""Runs Muster's benchmark shapes on dask.distributed, one for each line of JSON on stdin.

Says {"versions": ...} once two workers with one thread each are there; then answers {"family": ..., "size": ...} with the
figures of one repetition, or with {"error": ...}. Every result is compared with the one that it has to be.
"""

import json
import platform
import sys
import time
import traceback
import uuid

import dask
import distributed
from distributed import Client, LocalCluster, wait

PAYLOAD_BYTES = 2**20
SLEEP_MS = 10
FAN_IN = 8
NUMBERS_PER_PARTITION = 20
ROWS_PER_PARTITION = 40
KEYS_OF_GROUPS = 16


def expect(actual, expected):
    if actual != expected:
        raise ValueError(f"got {actual!r} instead of {expected!r}")


# ── what runs on the workers ─────────────────────────────────────────────────


def inc(x):
    return x + 1


def add(x, y):
    return x + y


def sleep(ms, result):
    time.sleep(ms / 1000)
    return result


def payload(size, seed):
    return bytes([seed % 251]) * size


def read_payload(data):
    return len(data) + data[0] + data[-1]


def make_numbers(start, count):
    return list(range(start, start + count))


def keep_even(numbers):
    return [number for number in numbers if number % 2 == 0]


def pair_up(left, right):
    return [(x, y) for x in left for y in right]


def sum_of_products(pairs):
    return sum(x * y for x, y in pairs)


def make_rows(start, count, keys):
    return [(row % keys, row) for row in range(start, start + count)]


def double_values(rows):
    return [(key, 2 * value) for key, value in rows]


def drop_thirds(rows):
    return [(key, value) for key, value in rows if value % 3]


def sums_by_key(rows):
    sums = {}
    for key, value in rows:
        sums[key] = sums.get(key, 0) + value
    return sums


def counts_by_key(rows):
    return sums_by_key([(key, 1) for key, _ in rows])


def add_by_key(parts):
    return sums_by_key([pair for part in parts for pair in part.items()])


def sort_keys(by_key):
    return sorted(by_key.items())


def divide_by_key(sums, counts):
    return [(key, total / count) for (key, total), (_, count) in zip(sums, counts)]


def sum_of_means(means):
    return sum(mean for _, mean in means)


def group_into(rows, groups):
    grouped = [[] for _ in range(groups)]
    for row in rows:
        grouped[row[0] % groups].append(row)
    return grouped


def pick_group(grouped, index):
    return grouped[index]


def concat_rows(parts):
    return [row for part in parts for row in part]


def merge_prices(rows):
    prices = {key: 3 * key for key, _ in rows}
    return sum(value * prices[key] for key, value in rows)


# ── the graphs: each gives the graph, the key of its result, and that result ─


class Graph(dict):
    """Tasks under keys that no other repetition uses."""

    def __init__(self):
        super().__init__()
        self.prefix = uuid.uuid4().hex[:12]

    def task(self, function, *args):
        key = f"{function.__name__}-{self.prefix}-{len(self)}"
        self[key] = (function, *args)
        return key

    def reduce(self, function, level, fan_in):
        while len(level) > 1:
            groups = [level[i : i + fan_in] for i in range(0, len(level), fan_in)]
            level = [self.task(function, group) for group in groups]
        return level[0]


def merge(graph, n):
    return graph.task(sum, [graph.task(inc, i) for i in range(n)]), n * (n + 1) // 2


def tree(graph, leaves):
    level = [graph.task(inc, i) for i in range(leaves)]
    return graph.reduce(sum, level, 2), leaves * (leaves + 1) // 2


def chain(graph, links):
    last = graph.task(inc, 0)
    for _ in range(links - 1):
        last = graph.task(inc, last)
    return last, links


def shuffle(graph, p):
    inputs = [graph.task(inc, i) for i in range(p)]
    splits = [[graph.task(add, one, j) for j in range(p)] for one in inputs]
    outputs = [graph.task(sum, [row[j] for row in splits]) for j in range(p)]
    return graph.task(sum, outputs), p**3


def bag(graph, p):
    made = [graph.task(make_numbers, i * NUMBERS_PER_PARTITION, NUMBERS_PER_PARTITION) for i in range(p)]
    kept = [graph.task(keep_even, one) for one in made]
    mapped = [graph.task(sum_of_products, graph.task(pair_up, x, y)) for x in kept for y in kept]
    evens = p * NUMBERS_PER_PARTITION // 2
    return graph.reduce(sum, mapped, FAN_IN), (evens * (evens - 1)) ** 2


def groupby(graph, p):
    rows = []
    for i in range(p):
        made = graph.task(make_rows, i * ROWS_PER_PARTITION, ROWS_PER_PARTITION, KEYS_OF_GROUPS)
        rows.append(graph.task(drop_thirds, graph.task(double_values, made)))
    sums = graph.reduce(add_by_key, [graph.task(sums_by_key, part) for part in rows], FAN_IN)
    counts = graph.reduce(add_by_key, [graph.task(counts_by_key, part) for part in rows], FAN_IN)
    means = graph.task(divide_by_key, graph.task(sort_keys, sums), graph.task(sort_keys, counts))
    expected = 0
    for key in range(KEYS_OF_GROUPS):
        values = [2 * i for i in range(key, p * ROWS_PER_PARTITION, KEYS_OF_GROUPS) if i % 3]
        expected += sum(values) / len(values)
    return graph.task(sum_of_means, means), expected


def join(graph, p):
    grouped = []
    for i in range(p):
        made = graph.task(make_rows, i * ROWS_PER_PARTITION, ROWS_PER_PARTITION, 4 * p)
        grouped.append(graph.task(group_into, made, p))
    splits = [[graph.task(pick_group, groups, j) for j in range(p)] for groups in grouped]
    worths = []
    for j in range(p):
        worths.append(graph.task(merge_prices, graph.task(concat_rows, [row[j] for row in splits])))
    return graph.task(sum, worths), sum(i * 3 * (i % (4 * p)) for i in range(p * ROWS_PER_PARTITION))


GRAPHS = {f.__name__: f for f in (merge, tree, chain, shuffle, bag, groupby, join)}


def run_graph(client, family, size):
    start = time.perf_counter()
    graph = Graph()
    key, expected = GRAPHS[family](graph, size)
    tasks = len(graph)
    result = client.get(graph, key)
    seconds = time.perf_counter() - start
    expect(result, expected)
    return {"µs/link": seconds / tasks * 1e6} if family == "chain" else {"tasks/s": tasks / seconds}


# ── the other shapes ─────────────────────────────────────────────────────────


def run_map(client, size):
    start = time.perf_counter()
    futures = client.map(inc, range(size), pure=False)
    results = client.gather(futures)
    seconds = time.perf_counter() - start
    expect(results, list(range(1, size + 1)))
    return {"tasks/s": size / seconds}


def run_latency(client, size):
    took = []
    for i in range(size):
        start = time.perf_counter()
        result = client.submit(inc, i, pure=False).result()
        took.append(time.perf_counter() - start)
        expect(result, i + 1)
    took.sort()

    def percentile(percent):
        return took[max(0, -(-percent * size // 100) - 1)] * 1e6

    return {"p50 µs": percentile(50), "p99 µs": percentile(99)}


def received_bytes(dask_worker):
    return sum(entry["total"] for entry in dask_worker.transfer_incoming_log)


def run_transfer(client, size):
    workers = list(client.scheduler_info()["workers"])[:2]
    values = [
        client.submit(payload, PAYLOAD_BYTES, i, workers=[workers[i % 2]], pure=False) for i in range(size)
    ]
    wait(values)
    before = sum(client.run(received_bytes).values())
    start = time.perf_counter()
    reads = [
        client.submit(read_payload, value, workers=[worker], pure=False) for value in values for worker in workers
    ]
    results = client.gather(reads)
    seconds = time.perf_counter() - start
    moved = sum(client.run(received_bytes).values()) - before
    expect(results, [PAYLOAD_BYTES + 2 * (i % 251) for i in range(size) for _ in workers])
    return {"MB/s": moved / 1e6 / seconds}


def run_sleepy(client, size):
    slots = sum(client.nthreads().values())
    start = time.perf_counter()
    futures = client.map(sleep, [SLEEP_MS] * size, range(size), pure=False)
    results = client.gather(futures)
    seconds = time.perf_counter() - start
    expect(results, list(range(size)))
    return {"efficiency": size * SLEEP_MS / 1000 / slots / seconds}


OTHERS = {"map": run_map, "latency": run_latency, "transfer": run_transfer, "sleepy": run_sleepy}


def answer(client, question):
    family, size = question["family"], question["size"]
    try:
        return OTHERS[family](client, size) if family in OTHERS else run_graph(client, family, size)
    except Exception:
        return {"error": traceback.format_exc()}


def main():
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client:
        versions = {"distributed": distributed.__version__, "dask": dask.__version__}
        print(json.dumps({"versions": {**versions, "python": platform.python_version()}}), flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(client, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
