// Package tests holds what needs both languages: the corpora that the tests of each read, and Python tests that start Go
// programs.
package tests
