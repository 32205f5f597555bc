module github.com/samebytes/samebytes

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/kshedden/gonpy v0.0.0-20210519231815-fa3c8dd8e59b
	github.com/tinylib/msgp v1.6.5
	golang.org/x/sys v0.49.0
	gonum.org/v1/gonum v0.17.0
)

require github.com/philhofer/fwd v1.2.0 // indirect
