"""What `Benchmarks/run` is made of: guests, machines, measurements, the table."""


class Unusable(Exception):
    """Something that a measurement needs is missing or broken; one line for people."""
