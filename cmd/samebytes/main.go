// Command samebytes shows the named arrays of this machine, who holds what of them, and deletes them.
//
// It exits with 0 when all went well, 1 after an error, 2 when called wrongly, and 3 when there is no array of a name.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/samebytes/samebytes/shm"
)

const (
	exitError    = 1
	exitUsage    = 2
	exitNotFound = 3
)

type commands struct {
	Ls       ls       `cmd:"" help:"List the named arrays. Example: samebytes ls --json"`
	Stat     stat     `cmd:"" help:"Describe arrays, a line for each property. Example: samebytes stat prices"`
	Checksum checksum `cmd:"" help:"Print a checksum of arrays' contents. Example: samebytes checksum prices x.npy y.npz"`
	Gc       gc       `cmd:"" help:"List the temporary arrays that killed processes left, or delete them. Example: samebytes gc --delete"`
	Export   export   `cmd:"" help:"Write an array to a .npy file, as np.save does. Example: samebytes export prices prices.npy"`
	Serve    serve    `cmd:"" help:"Serve other programs until Ctrl-C. Example: samebytes serve --objects shared"`
	Rm       rm       `cmd:"" help:"Delete arrays. Who has one open goes on with it. Example: samebytes rm prices"`
}

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("samebytes"),
		kong.Description("Named arrays that Go and Python share. They are in "+shm.Dir()+"; SAMEBYTES_DIR names another directory."))
	ctx, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "samebytes: %v; see samebytes --help\n", err)
		os.Exit(exitUsage)
	}
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "samebytes:", err)
		os.Exit(exitCode(err))
	}
}

func exitCode(err error) int {
	if errors.Is(err, shm.ErrNotExist) {
		return exitNotFound
	}
	if errors.Is(err, shm.ErrBadName) {
		return exitUsage
	}
	return exitError
}
