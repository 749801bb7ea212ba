"""The peers: each module renders the workloads with one other engine and prints what it measured as JSON.

`python -m bench.peers.NAME [WORKLOAD...] [--seconds S] [--repeats N]`, in an environment that has the peer's package.
"""
