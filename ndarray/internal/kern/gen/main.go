// Gen writes the loops of package kern, in Go (package loops), and the kernels of package asm, in assembly (packages
// amd64 and arm64), from tables of operations. Run it by go generate in kern's folder. It is a module of
// its own, so that what it needs is not needed by those who use kern.
package main

import (
	"flag"
	"log"
	"maps"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/amd64"
	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/arm64"
	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/loops"
)

func main() {
	dir := flag.String("dir", "..", "folder of package kern")
	flag.Parse()
	for name, source := range sources() {
		if err := os.WriteFile(filepath.Join(*dir, name), source, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// sources returns all files, under their names in kern's folder.
func sources() map[string][]byte {
	all := loops.Sources()
	maps.Copy(all, amd64.Sources())
	maps.Copy(all, arm64.Sources())
	return all
}
