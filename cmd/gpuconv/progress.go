package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal for what takes longer than a second; elsewhere it is silent.
type progress struct {
	what  string
	total int // steps, or -1 for a spinner
	out   *os.File
	timer *time.Timer

	mu   sync.Mutex
	bar  *progressbar.ProgressBar // nil until a second has passed
	done int
	over bool
}

// progress begins to count the time.
func (a *app) progress(what string, total int) *progress {
	p := &progress{what: what, total: total}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = f
		p.timer = time.AfterFunc(time.Second, p.show)
	}
	return p
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	options := []progressbar.Option{progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetDescription(
			p.description(),
		), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(p.barWidth()),
		progressbar.OptionSpinnerType(14)}
	if p.total > 0 {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	p.bar = progressbar.NewOptions(p.total, options...)
	p.bar.RenderBlank()
	p.bar.Set(p.done)
}

func (p *progress) barWidth() int {
	if p.total < 0 {
		return 1
	}
	return 20
}

// description is what is under way, cut where the line would wrap: such a line is never overwritten.
func (p *progress) description() string {
	numbers := 40 // the count and the times beside the bar
	if p.total < 0 {
		numbers = 12
	}
	width, _, err := term.GetSize(int(p.out.Fd()))
	if err != nil {
		width = 80
	}
	what := []rune(p.what)
	if most := max(width-p.barWidth()-numbers, 10); len(what) > most {
		return string(what[:most-3]) + "..."
	}
	return p.what
}

// at sets how many steps are done, and what is under way now.
func (p *progress) at(done int, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.what = done, what
	if p.bar != nil {
		p.bar.Describe(p.description())
		p.bar.Set(done)
	}
}

// aside takes the bar away while others write to the terminal.
func (p *progress) aside(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	write()
	if p.bar != nil {
		p.bar.RenderBlank()
	}
}

// step advances the bar by one.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.bar != nil {
		p.bar.Set(p.done)
	}
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.bar != nil {
		p.bar.Finish()
		p.bar.Exit()
	} else if p.timer != nil {
		p.timer.Stop()
	}
}
