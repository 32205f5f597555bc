package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSources holds the files to the table.
func TestSources(t *testing.T) {
	for name, want := range sources() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the table says: run go generate ./ndarray/internal/kern", name)
		}
	}
}
