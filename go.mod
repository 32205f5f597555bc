module github.com/samebytes/samebytes

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0 // indirect
	github.com/kshedden/gonpy v0.0.0-20210519231815-fa3c8dd8e59b // indirect
	golang.org/x/sys v0.49.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)
