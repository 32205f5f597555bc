// Package near finds the names that are likely meant by one that does not exist, for the hints in messages.
package near

import (
	"slices"
	"strings"
)

// Names returns up to three of the names, the nearest first: those that differ from name in no more than a third of their letters.
func Names(name string, all []string) []string {
	var near []string
	distances := map[string]int{}
	for _, other := range all {
		d := editDistance(strings.ToLower(name), strings.ToLower(other))
		if 3*d <= max(len(name), len(other)) {
			distances[other] = d
			near = append(near, other)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distances[a] - distances[b] })
	return near[:min(len(near), 3)]
}

// editDistance returns the least number of bytes to insert, delete or replace that makes b of a (Levenshtein 1966), by the
// row-by-row recurrence of Wagner and Fischer (1974).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
