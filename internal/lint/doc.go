// Package lint holds the rules of this repository that a compiler does not know, as tests.
//
// Each rule says why it is there. A change that breaks one either mends itself or changes the rule, with
// a better reason.
package lint
