import samebytes as sb

a = sb.create("prices", (1000, 64))  # zeros in shared memory, under a name
try:
    a[:] = 1.5
    version = a.publish()  # wakes whoever waits for it
    print("Python wrote, version", version, flush=True)
    version = a.wait(version, timeout=60)  # sleeps until somebody else publishes
    print("Python sees", a[3, 5], "in version", version)
finally:
    sb.delete("prices")
