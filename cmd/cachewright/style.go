package main

import "charm.land/lipgloss/v2"

// These colour a piece of text with the terminal's own sixteen colours. The writers of an invocation
// take the colours out again where they do not belong: in a pipe, and under NO_COLOR.

func good(s string) string { return styled(s, lipgloss.NewStyle().Foreground(lipgloss.Green)) }
func bad(s string) string  { return styled(s, lipgloss.NewStyle().Foreground(lipgloss.Red)) }
func warn(s string) string { return styled(s, lipgloss.NewStyle().Foreground(lipgloss.Yellow)) }
func dim(s string) string  { return styled(s, lipgloss.NewStyle().Faint(true)) }
func bold(s string) string { return styled(s, lipgloss.NewStyle().Bold(true)) }

// styled leaves no codes around nothing, so that an empty cell stays empty.
func styled(s string, style lipgloss.Style) string {
	if s == "" {
		return ""
	}
	return style.Render(s)
}
