// Package pybridge is where Go and Python meet. The folder python holds the Python package samebytes, whose modules are named
// as the Go files of package shm that they mirror.
package pybridge
