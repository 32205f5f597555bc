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

// kind is what the segment is for; "npy" is a plain file, and a star marks what goes with its last user.
func kind(i shm.Info) string {
	switch {
	case i.Plain:
		return "npy"
	case i.Temporary:
		return i.Kind + "*"
	}
	return i.Kind
}

// users counts the processes that have the segment open for writing.
func users(i shm.Info) string {
	n := 0
	for _, p := range i.Participants {
		if p.Alive {
			n++
		}
	}
	return count(i, n)
}

// locks counts the boxes that are held, waited for or left by the dead.
func locks(i shm.Info) string { return count(i, len(i.Locks)) }

func count(i shm.Info, n int) string {
	if i.Plain {
		return "-"
	}
	return fmt.Sprint(n)
}

// age is how long ago the segment was created, in the largest whole unit.
func age(i shm.Info, now time.Time) string {
	if i.Plain {
		return "-"
	}
	d := max(now.Sub(i.Created), 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// box is Python's index for the lock's elements.
func box(b shm.Box) string {
	ranges := make([]string, len(b))
	for d, r := range b {
		ranges[d] = fmt.Sprintf("%d:%d", r[0], r[1])
	}
	return "[" + strings.Join(ranges, ", ") + "]"
}

// participant is what people know a process by.
func participant(p shm.Participant) string {
	text := fmt.Sprintf("%s (%s), pid %d on %s, since %s", p.Program, p.Language, p.PID, p.Host, p.Joined.Format(time.DateTime))
	if !p.Alive {
		return text + ", dead"
	}
	return text
}

// object is an array in JSON.
type object struct {
	Name         string            `json:"name"`
	Kind         string            `json:"kind"`
	DType        string            `json:"dtype"`
	Shape        []int             `json:"shape"`
	Fortran      bool              `json:"fortran"`
	NBytes       int               `json:"nbytes"`
	Size         int               `json:"size"`
	Mode         string            `json:"mode"`
	Plain        bool              `json:"plain"`
	Temporary    bool              `json:"temporary"`
	ID           string            `json:"id,omitempty"`
	Created      time.Time         `json:"created,omitzero"`
	Version      uint64            `json:"version"`
	Slots        int               `json:"slots"`
	Participants []shm.Participant `json:"participants"`
	Locks        []shm.Lock        `json:"locks"`
	Stream       *shm.StreamStats  `json:"stream,omitempty"`
}

func asObject(i shm.Info) object {
	o := object{
		Name: i.Name, Kind: kind(i), DType: dtype(i), Shape: i.Shape, Fortran: i.Fortran, NBytes: i.NBytes,
		Size: i.Size, Mode: fmt.Sprintf("%04o", i.Mode), Plain: i.Plain, Temporary: i.Temporary, Created: i.Created.UTC(), Version: i.Version,
		Slots: i.Slots, Participants: i.Participants, Locks: i.Locks, Stream: i.Stream,
	}
	if o.Shape == nil {
		o.Shape = []int{}
	}
	if o.Participants == nil {
		o.Participants = []shm.Participant{}
	}
	if o.Locks == nil {
		o.Locks = []shm.Lock{}
	}
	if !i.Plain {
		o.Kind = i.Kind
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
