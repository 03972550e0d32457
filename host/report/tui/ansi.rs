//! The terminal's other screen: taken, drawn on, and given back whatever happens. Used by `live`, and by `app` where
//! the process ends at once or a panic has something to say.

use std::io::{self, Write};
use std::sync::Mutex;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Texts for stderr that came while the screen was taken; None while it is not.
static WITHHELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// The alternate screen, no cursor, no wrapping.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

fn withheld() -> std::sync::MutexGuard<'static, Option<Vec<String>>> {
    // Whoever held it has panicked: what it holds is whole all the same.
    WITHHELD.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Gives the screen back where it is taken, and says what was withheld meanwhile.
pub fn leave_screen() {
    let Some(texts) = withheld().take() else { return };
    let mut out = io::stdout();
    let _ = out.write_all(LEAVE.as_bytes()).and_then(|()| out.flush());
    for text in texts {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// Keeps a text for stderr until the screen is given back; false where it is not taken.
pub fn withhold(text: &str) -> bool {
    match &mut *withheld() {
        Some(texts) => {
            // A panic in each task must not fill the memory.
            if texts.len() < 100 {
                texts.push(text.to_owned());
            }
            true
        }
        None => false,
    }
}

/// Draws with the codes that every terminal has known for decades; takes the screen as long as it lives.
pub(super) struct Ansi {
    out: Box<dyn Write + Send>,
    /// Rows and columns; a test says them.
    size: fn() -> Option<(u16, u16)>,
}

impl Ansi {
    /// Takes the screen of the process's terminal.
    pub(super) fn take() -> io::Result<Ansi> {
        *withheld() = Some(Vec::new());
        let size = || console::Term::stdout().size_checked();
        let mut ansi = Ansi { out: Box::new(io::stdout()), size };
        ansi.write(ENTER)?;
        ansi.out.flush()?;
        Ok(ansi)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }
}

impl Drop for Ansi {
    fn drop(&mut self) {
        leave_screen();
    }
}

impl Backend for Ansi {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut text = String::new();
        let (mut next, mut look) = (None, None);
        for (x, y, cell) in content {
            if next != Some((x, y)) {
                text.push_str(&format!("\x1b[{};{}H", y + 1, x + 1));
            }
            next = Some((x + 1, y));
            let now = (cell.fg, cell.bg, cell.modifier);
            if look != Some(now) {
                text.push_str(&codes(cell));
                look = Some(now);
            }
            text.push_str(cell.symbol());
            // A wide character takes more columns than one: where the next one stands is said again.
            if !cell.symbol().is_ascii() {
                next = None;
            }
        }
        text.push_str("\x1b[0m");
        self.write(&text)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.write("\x1b[?25l")
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.write("\x1b[?25h")
    }

    /// Nobody asks: the cursor is hidden.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.write(&format!("\x1b[{};{}H", y + 1, x + 1))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.write(match region {
            ClearType::All => "\x1b[0m\x1b[2J",
            ClearType::AfterCursor => "\x1b[0J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[0K",
        })
    }

    fn size(&self) -> io::Result<Size> {
        let (rows, columns) = (self.size)().unwrap_or((24, 80));
        Ok(Size { width: columns, height: rows })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn codes(cell: &Cell) -> String {
    let mut codes = String::from("\x1b[0");
    for (modifier, code) in [
        (Modifier::BOLD, ";1"),
        (Modifier::DIM, ";2"),
        (Modifier::UNDERLINED, ";4"),
        (Modifier::REVERSED, ";7"),
    ] {
        if cell.modifier.contains(modifier) {
            codes.push_str(code);
        }
    }
    codes.push_str(match cell.fg {
        Color::Red => ";31",
        Color::Green => ";32",
        Color::Yellow => ";33",
        Color::Blue => ";34",
        Color::Magenta => ";35",
        Color::Cyan => ";36",
        _ => "",
    });
    codes.push('m');
    codes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ratatui::Terminal;
    use ratatui::style::{Style, Stylize};
    use ratatui::widgets::Paragraph;

    use super::*;
    use crate::report::sample::Buffer;

    #[test]
    fn what_is_drawn_is_plain_codes() {
        let buffer = Buffer::default();
        let ansi = Ansi { out: Box::new(buffer.clone()), size: || Some((2, 10)) };
        let mut terminal = Terminal::new(ansi).unwrap();
        terminal
            .draw(|frame| {
                let text = ratatui::text::Line::from(vec!["a".red().bold(), "é".into(), "b".into()]);
                frame.render_widget(Paragraph::new(text).style(Style::new()), frame.area());
            })
            .unwrap();
        let drawn = buffer.text();
        assert!(drawn.contains("\x1b[1;1H\x1b[0;1;31ma\x1b[0mé\x1b[1;3Hb"), "{drawn:?}");
    }

    #[test]
    fn nothing_is_withheld_from_a_screen_that_is_not_taken() {
        assert!(!withhold("text"));
        leave_screen();
    }
}
