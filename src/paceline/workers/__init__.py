"""What runs inside a worker: a process, a thread of another, or an interpreter. Empty, as each of them imports it."""
