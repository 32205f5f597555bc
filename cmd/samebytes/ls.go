package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/samebytes/samebytes/shm"
)

type ls struct {
	JSON bool `help:"Print a JSON array of objects instead."`
}

// Help explains the columns that do not explain themselves.
func (ls) Help() string {
	return "USERS are the processes that have it open for writing, LOCKS the boxes held and waited for. A kind with a * is temporary: " +
		"it goes with its last user."
}

// Run prints a line for each array, or their JSON.
func (l ls) Run() error {
	infos, err := shm.List()
	if err != nil {
		return err
	}
	if l.JSON {
		return printJSON(os.Stdout, infos)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tKIND\tDTYPE\tSHAPE\tBYTES\tVERSION\tUSERS\tLOCKS\tAGE")
	now := time.Now()
	for _, i := range infos {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n",
			i.Name, kind(i), dtype(i), shape(i), i.NBytes, version(i), users(i), locks(i), age(i, now))
	}
	return w.Flush()
}
