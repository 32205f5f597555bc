package main

// What Linux's /proc says of this process.

import (
	"fmt"
	"os"
	"reflect"
	"strings"
)

// printMemory prints what this process has resident: of shared memory, and of its own.
func printMemory(stage string) {
	status, _ := os.ReadFile("/proc/self/status") // without it the numbers are 0
	mib := func(key string) float64 {
		_, rest, _ := strings.Cut(string(status), key+":")
		var kib float64
		fmt.Sscan(rest, &kib)
		return kib / 1024
	}
	fmt.Printf("Go      %-36s RssShmem %6.1f MiB  RssAnon %6.1f MiB\n", stage, mib("RssShmem"), mib("RssAnon"))
}

// mapsLine returns the line of /proc/self/maps that says of which file the elements are.
func mapsLine(elements []float64) string {
	maps, _ := os.ReadFile("/proc/self/maps") // without it there is no line
	address := uint64(reflect.ValueOf(elements).Pointer())
	for line := range strings.Lines(string(maps)) {
		var start, end uint64
		if fmt.Sscanf(line, "%x-%x", &start, &end); start <= address && address < end {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return "not mapped"
}
