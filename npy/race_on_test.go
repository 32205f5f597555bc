//go:build race

package npy_test

// raceDetector takes memory and addresses for each byte that is used: what those are limited to is tested without it.
const raceDetector = true
