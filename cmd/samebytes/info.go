package main

// How arrays are shown: the columns of ls, the lines of stat, and the JSON of both.

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/samebytes/samebytes/shm"
)

// dtype is NumPy's name, or the descr of elements that have no Go type.
func dtype(i shm.Info) string {
	if i.Descr != "" {
		return strings.Map(func(r rune) rune { // it is whatever somebody wrote: nothing for a terminal to obey
			if unicode.IsPrint(r) {
				return r
			}
			return '?'
		}, i.Descr)
	}
	return i.DType.String()
}

// shape is NumPy's spelling, with the order where it is not C.
func shape(i shm.Info) string {
	s := strings.ReplaceAll(strings.Trim(fmt.Sprint(i.Shape), "[]"), " ", ", ")
	if len(i.Shape) == 1 {
		s += ","
	}
	if i.Fortran {
		return "(" + s + ") F"
	}
	return "(" + s + ")"
}

func version(i shm.Info) string {
	if i.Plain {
		return "-"
	}
	return fmt.Sprint(i.Version)
}

func created(i shm.Info) string {
	if i.Plain {
		return "-"
	}
	return i.Created.Format(time.DateTime)
}

// object is an array in JSON.
type object struct {
	Name    string    `json:"name"`
	DType   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Fortran bool      `json:"fortran"`
	NBytes  int       `json:"nbytes"`
	Size    int       `json:"size"`
	Mode    string    `json:"mode"`
	Plain   bool      `json:"plain"`
	ID      string    `json:"id,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Version uint64    `json:"version"`
}

func asObject(i shm.Info) object {
	o := object{
		Name: i.Name, DType: dtype(i), Shape: i.Shape, Fortran: i.Fortran, NBytes: i.NBytes,
		Size: i.Size, Mode: fmt.Sprintf("%04o", i.Mode), Plain: i.Plain, Created: i.Created.UTC(), Version: i.Version,
	}
	if o.Shape == nil {
		o.Shape = []int{}
	}
	if !i.Plain {
		o.ID = fmt.Sprintf("%x", i.ID)
	}
	return o
}

func printJSON(w io.Writer, infos []shm.Info) error {
	objects := []object{}
	for _, i := range infos {
		objects = append(objects, asObject(i))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(objects)
}
