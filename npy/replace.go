package npy

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// replace has write write a file beside path, and puts it in its place. What is no regular file (a device, a pipe, a socket), or has
// no name of its own, can't be replaced: it is written to.
func replace(path string, write func(*os.File) error) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && path != "" {
		return replaceBy(pointedTo(path), nil, write)
	}
	if err != nil {
		return wrapped(err)
	}
	target, err := filepath.EvalSymlinks(path) // the file, not a link to it, is replaced
	if err == nil && info.Mode().IsRegular() {
		if named, err := os.Lstat(target); err == nil && os.SameFile(named, info) { // else it is one that only /proc has
			return replaceBy(target, info, write)
		}
	}
	flags := os.O_WRONLY
	if info.Mode().IsRegular() {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0) // of a directory this is the error
	if err != nil {
		return wrapped(err)
	}
	defer f.Close() // also when write panics; after the Close whose error counts it does nothing
	if err := write(f); err != nil {
		return err
	}
	return wrapped(f.Close())
}

// pointedTo returns the path of the file that opening path would make: path, or where the link of that name points to.
func pointedTo(path string) string {
	const most = 40 // links, as the kernel follows
	for range most {
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			directory, _ := filepath.Split(path)
			link = directory + link // not cleaned: ".." behind a link is another directory
		}
		path = link
	}
	return path
}

// replaceBy puts a new file at target, with the owner and permissions of the one that is there, if one is.
func replaceBy(target string, old os.FileInfo, write func(*os.File) error) error {
	mode := fs.FileMode(0o666)
	if old != nil {
		mode = old.Mode().Perm()
		f, err := os.OpenFile(target, os.O_WRONLY, 0) // who may not write to it may not replace it either
		if err != nil {
			return wrapped(err)
		}
		f.Close() // nothing was written
	}
	f, err := os.OpenFile(beside(target), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		failed.Path = target // which the caller knows
	}
	if err != nil {
		return wrapped(err)
	}
	done := false
	defer func() { // also when write panics, or ends its goroutine
		if !done {
			f.Close()
			os.Remove(f.Name()) // what can't be removed can't be helped
		}
	}()
	if old != nil {
		chownAs(f, old)
		if err := f.Chmod(mode); err != nil {
			return wrapped(err)
		}
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return wrapped(err)
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return wrapped(err)
	}
	done = true
	return nil
}

// beside returns a path of its own in the directory of target: its name, cut where that would be too long, and random digits.
func beside(target string) string {
	const most = 255 // bytes of a name, on all file systems of Linux that are in use
	var random [8]byte
	rand.Read(random[:]) // never fails
	suffix := fmt.Sprintf(".%x", random)
	directory, name := filepath.Split(target)
	for len(name)+len(suffix) > most {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return directory + name + suffix
}
