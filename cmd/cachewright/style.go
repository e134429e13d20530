package main

import "charm.land/lipgloss/v2"

// These colour a piece of text with the terminal's own sixteen colours. The writers of an invocation
// take the colours out again where they do not belong: in a pipe, and under NO_COLOR.

func good(s string) string { return lipgloss.NewStyle().Foreground(lipgloss.Green).Render(s) }
func bad(s string) string  { return lipgloss.NewStyle().Foreground(lipgloss.Red).Render(s) }
func warn(s string) string { return lipgloss.NewStyle().Foreground(lipgloss.Yellow).Render(s) }
func dim(s string) string  { return lipgloss.NewStyle().Faint(true).Render(s) }
func bold(s string) string { return lipgloss.NewStyle().Bold(true).Render(s) }
