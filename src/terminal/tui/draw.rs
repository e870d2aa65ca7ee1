//! The screen: a bar with the topic, what was said, who is there, a bar with what happens elsewhere, a line to type.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::Paragraph;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::editor::Editor;
use super::model::Model;
use super::typed;
use crate::clean;
use crate::clock;
use crate::line::{Kind, Line};

/// Columns of the list of nicks, and how many there must be in all for it.
const NICKS_WIDTH: u16 = 18;
const WIDTH_FOR_NICKS: u16 = 60;

/// Colours of nicks: those that are readable on light and dark.
const COLOURS: [Color; 6] =
    [Color::Red, Color::Green, Color::Yellow, Color::Blue, Color::Magenta, Color::Cyan];

/// What is reversed stays so without colours.
const BAR: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws everything. Gives the rows that the log has.
pub(crate) fn draw(frame: &mut Frame, model: &Model, editor: &Editor, has_colours: bool) -> usize {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ]);
    let [top, middle, status, input] = rows.areas(frame.area());
    bar(frame, top, model.top());
    let has_nicks = model.shows_nicks && model.window().is_channel() && middle.width >= WIDTH_FOR_NICKS;
    let log = if has_nicks {
        let columns = Layout::horizontal([Constraint::Min(1), Constraint::Length(NICKS_WIDTH)]);
        let [log, nicks] = columns.areas(middle);
        draw_nicks(frame, nicks, model);
        log
    } else {
        middle
    };
    draw_log(frame, log, model, has_colours);
    let time = clock::time_now();
    bar(frame, status, format!("[{}] {}", time.get(..5).unwrap_or_default(), model.status()));
    draw_input(frame, input, model, editor);
    usize::from(log.height)
}

fn bar(frame: &mut Frame, area: Rect, text: String) {
    frame.render_widget(Paragraph::new(text).style(BAR), area);
}

fn draw_nicks(frame: &mut Frame, area: Rect, model: &Model) {
    let listed = model.window().listed();
    let height = usize::from(area.height);
    let (shown, hidden) =
        if listed.len() > height { (height - 1, listed.len() + 1 - height) } else { (height, 0) };
    let mut rows: Vec<Row> =
        listed.into_iter().take(shown).map(|nick| Row::from(format!("│{nick}"))).collect();
    if hidden > 0 {
        rows.push(Row::from(format!("│ and {hidden} more")));
    }
    rows.resize(height, Row::from("│"));
    frame.render_widget(Paragraph::new(rows), area);
}

fn draw_log(frame: &mut Frame, area: Rect, model: &Model, has_colours: bool) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let window = model.window();
    let mut rows: Vec<Row> = Vec::new();
    for line in window.lines.iter().rev().skip(window.below) {
        if rows.len() >= height {
            break;
        }
        rows.extend(in_rows(line, width, has_colours).into_iter().rev());
    }
    rows.truncate(height);
    // Like paper: what is newest is at the bottom.
    rows.resize(height, Row::default());
    rows.reverse();
    frame.render_widget(Paragraph::new(rows), area);
}

/// A line as rows that fit, those after the first beneath its text.
fn in_rows(line: &Line, width: usize, has_colours: bool) -> Vec<Row<'static>> {
    let time = format!("{} ", line.time);
    let indent = time.width();
    let style = style(line, has_colours);
    let mut rows = Vec::new();
    for (index, part) in wrap(&line.text, width.saturating_sub(indent).max(8)).into_iter().enumerate() {
        let front = if index == 0 { time.clone() } else { " ".repeat(indent) };
        rows.push(Row::from(vec![Span::raw(front), Span::styled(part, style)]));
    }
    rows
}

fn style(line: &Line, has_colours: bool) -> Style {
    if !has_colours {
        return Style::new();
    }
    match line.kind {
        Kind::Said => {
            let sum = line.from.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
            Style::new().fg(COLOURS[sum % COLOURS.len()])
        }
        Kind::Notice => Style::new().fg(Color::Magenta),
        Kind::Event | Kind::Server => Style::new().fg(Color::DarkGray),
    }
}

/// A text in parts of so many columns, parted at blanks where there are some.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut columns = 0;
    for word in text.split_inclusive(' ') {
        let word_columns = word.trim_end().width();
        if columns > 0 && columns + word_columns > width {
            parts.push(std::mem::take(&mut part));
            columns = 0;
        }
        for c in word.chars() {
            let c_columns = c.width().unwrap_or_default();
            if columns + c_columns > width {
                if c == ' ' {
                    continue;
                }
                parts.push(std::mem::take(&mut part));
                columns = 0;
            }
            part.push(c);
            columns += c_columns;
        }
    }
    parts.push(part);
    parts
}

fn draw_input(frame: &mut Frame, area: Rect, model: &Model, editor: &Editor) {
    let prompt = format!("[{}] ", model.window().title());
    let width = usize::from(area.width);
    let room = width.saturating_sub(prompt.width() + 1).max(1);
    let shown = |text: &str| clean::line(&text.replace('\n', "↵"));
    let text = without_secret(editor.text());
    let before: String = shown(&text.chars().take(editor.cursor()).collect::<String>());
    let after: String = shown(&text.chars().skip(editor.cursor()).collect::<String>());
    // As much before the cursor as fits.
    let mut columns = 0;
    let visible: Vec<char> = before
        .chars()
        .rev()
        .take_while(|c| {
            columns += c.width().unwrap_or_default();
            columns <= room
        })
        .collect();
    let visible: String = visible.into_iter().rev().collect();
    let column = prompt.width() + visible.width();
    frame.render_widget(Paragraph::new(format!("{prompt}{visible}{after}")), area);
    let x =
        area.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX)).min(area.right().saturating_sub(1));
    frame.set_cursor_position((x, area.y));
}

/// A line with its password covered: people look over shoulders.
fn without_secret(text: String) -> String {
    match typed::secret_at(&text) {
        Some(place) => {
            text.chars().enumerate().map(|(index, c)| if index < place { c } else { '•' }).collect()
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use neoirc::client::Message;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn long_lines_are_parted_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("", 4), [""]);
    }

    /// Whatever is said and however small the screen is: no cell of it holds what a terminal would obey.
    #[test]
    fn no_screen_holds_anything_hostile() {
        let evil =
            format!("\u{1b}]0;x\u{7}\u{202e}\u{200b}\u{9b}31mz{} grün 🦀 日本", "\u{335}".repeat(4000));
        let mut model = Model::new("me");
        let from = |message: Message| Message { from: evil.clone(), ..message };
        model.hear(&from(Message::new("JOIN").to("#tea")));
        model.hear(&from(Message::new("TOPIC").to("#tea").body(evil.as_str())));
        let id = uuid::Uuid::from_u128(1);
        let said = Message { id: Some(id), ..Message::new("PRIVMSG").to("#tea").body(evil.as_str()) };
        model.hear(&from(said.clone()));
        model.hear(&from(said.meta("reply", id.to_string())));
        model.hear(&from(Message::new("TAGMSG").to("#tea").meta("typing", "active")));
        model.hear(&from(Message::new("PRIVMSG").to("me").body(evil.as_str())));
        model.hear(&Message::new("353").to("me").param("=").param("#tea").body(format!("@{evil}")));
        model.note(&evil);
        let mut editor = Editor::default();
        editor.insert(&evil);
        for (width, height) in [(1, 1), (3, 2), (10, 4), (80, 24), (200, 50)] {
            for index in 0..model.windows.len() {
                model.show(index);
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                let mut rows = 0;
                terminal.draw(|frame| rows = draw(frame, &model, &editor, true)).unwrap();
                assert!(rows <= usize::from(height));
                for cell in terminal.backend().buffer().content() {
                    let symbol = cell.symbol();
                    assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
                    assert!(
                        !symbol.contains(['\u{202e}', '\u{200b}']) && symbol.chars().count() <= 3,
                        "{symbol:?}"
                    );
                }
            }
        }
    }
}
