package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/samebytes/samebytes/shm"
)

type gc struct {
	Delete bool `help:"Delete what is dead, instead of only listing it."`
	JSON   bool `help:"Print a JSON array of objects instead."`
}

// Run lists the temporary arrays that no process has open any more, and deletes them if told to.
func (g gc) Run() error {
	dead, err := shm.GC(!g.Delete)
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(os.Stdout, dead)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	freed := 0
	for _, i := range dead {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d bytes\n", i.Name, dtype(i), shape(i), i.Size)
		freed += i.Size
	}
	switch {
	case len(dead) == 0:
		fmt.Fprintln(w, "nothing is dead")
	case g.Delete:
		fmt.Fprintf(w, "deleted %d, %d bytes\n", len(dead), freed)
	default:
		fmt.Fprintf(w, "%d to delete, %d bytes: samebytes gc --delete\n", len(dead), freed)
	}
	return w.Flush()
}
