//go:build race

package shm_test

// raceDetector makes everything ten times slower: long tests are short under it, and run without it too.
const raceDetector = true
